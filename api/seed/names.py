"""What people of the demo network are called: given and family names by cultural group, written by hand."""

from dataclasses import dataclass
from random import Random

from api.seed.drawing import chance, pick
from api.seed.tables import blocks, names

TABLE = """
english | US GB CA AU NZ IE ZA
f: Alice Hannah Charlotte Emily Grace Eleanor Lucy Olivia Rebecca Claire Megan Harriet Julia Rachel Beth Naomi Victoria
  Amelia Martha Rosalind Joanna Heather Lauren Abigail
m: James Thomas Oliver William George Henry Daniel Samuel Edward Peter Benjamin Simon Matthew Andrew Jack Adam Robert
  Nathan Philip Stephen Martin Charles Toby Gregory
l: Ashworth Bennett Carter Dawson Ellison Fletcher Granger Hartley Ingram Jennings Kendall Langley Marsden Norwood
  Ogden Prescott Radcliffe Sheldon Thornton Underhill Whitaker Yardley Barlow Crawford Holloway Mercer Palmer Sutton

american | US CA
f: Madison Taylor Brooke Kayla Savannah Jordan Morgan Paige Shelby Courtney Autumn Jenna Kelsey Whitney Tara Dana
m: Tyler Brandon Cody Austin Logan Mason Hunter Chase Dylan Travis Kyle Derek Wyatt Cole Trevor Garrett
l: Anderson Baker Collins Davis Foster Gardner Hayes Jensen Keller Lawson Miller Nelson Olson Parker Reed Sanders
  Turner Walker Wheeler Young Brewer Hoffman Schroeder Becker

african_american | US
f: Imani Kiara Latoya Ebony Jasmine Monique Simone Tamika Aaliyah Denise Renee Gloria Yolanda Zora Nia Candace
m: Malik Darnell Jamal Terrence Marcus Andre Isaiah Elijah Curtis Reginald Tyrone Langston Xavier Cedric Desmond Quincy
l: Washington Jefferson Banks Booker Freeman Gaines Hampton Jackson Coleman Robinson Simmons Tucker Vaughn Whitfield
  Bryant Dorsey Glover Mayfield

irish | IE GB US
f: Aoife Niamh Siobhán Ciara Orla Róisín Gráinne Maeve Sinéad Caoimhe Deirdre Eilís
m: Ciarán Oisín Declan Eoin Fionn Cormac Pádraig Seán Conor Rory Brendan Donal
l: Byrne Doyle Gallagher Kavanagh Nolan O'Brien O'Connell O'Sullivan Quinn Fitzgerald McCarthy Brennan Keane Daly Foley

scottish_welsh | GB
f: Ailsa Catriona Eilidh Fiona Isla Mairi Bronwen Carys Rhiannon Seren Ffion Gwen
m: Alasdair Callum Ewan Fergus Hamish Lachlan Dylan Gareth Huw Owain Rhys Iestyn
l: Campbell Drummond Fraser Gordon MacDonald MacLeod Murray Stewart Bevan Davies Evans Griffiths Llewellyn Morgan Pryce

igbo | NG GB US
f: Adaeze Amarachi Chiamaka Chidinma Chinwe Ifeoma Ngozi Nkechi Obiageli Uchenna Ezinne Kosisochukwu
m: Chidi Chukwuemeka Emeka Ikenna Kelechi Nnamdi Obinna Okechukwu Tobenna Uche Ebuka Somto
l: Okafor Okonkwo Eze Nwosu Onyekachi Obi Nwachukwu Anyanwu Chukwu Madu Okeke Umeh Ezeudu Igwe

yoruba | NG GB US
f: Abimbola Adunni Bolanle Folake Funmilayo Ifeoluwa Omolara Temitope Titilayo Yetunde Morenike Simisola
m: Adebayo Ademola Babatunde Femi Kayode Kunle Olumide Oluwaseun Segun Tunde Wale Ayodeji
l: Adeyemi Adebisi Afolabi Akinola Balogun Bankole Fashola Ogunleye Olaniyan Oyelaran Sowande Adewale

akan | GH
f: Abena Adwoa Afia Akosua Ama Efua Esi Yaa Maame Serwaa
m: Kofi Kojo Kwabena Kwaku Kwame Kwesi Yaw Nana Kwadwo Ekow
l: Acheampong Agyeman Amoako Asante Boateng Darko Mensah Ofori Osei Owusu Quaye Sarpong

east_african | KE UG TZ RW
f: Achieng Akinyi Nyambura Wanjiku Wambui Njeri Nakato Namubiru Zawadi Neema Uwase Mutesi
m: Kamau Otieno Mwangi Kiprono Ochieng Njoroge Mugisha Okello Baraka Juma Habimana Kato
l: Kariuki Odhiambo Wekesa Mutua Ndungu Cheruiyot Nakimera Ssebunya Mwakasege Kimaro Uwimana Rugamba Omondi Chebet

ethiopian | ET US
f: Aster Bethlehem Eden Hirut Mekdes Selam Tigist Tsion Yordanos Meseret
m: Abebe Bereket Dawit Girma Kebede Mulugeta Samson Tesfaye Yohannes Biniam
l: Alemu Bekele Desta Getachew Haile Mekonnen Tadesse Wolde Zewde Gebremariam Assefa Lemma

southern_african | ZA ZW BW
f: Lerato Naledi Nomvula Thandiwe Zanele Nosipho Palesa Rudo Tendai Chipo Boitumelo Refilwe
m: Sipho Thabo Themba Bongani Lwazi Mandla Tafadzwa Tinashe Kagiso Tumelo Farai Siyabonga
l: Dlamini Khumalo Mokoena Ndlovu Nkosi Sithole Zulu Moyo Chikwanda Molefe Mabaso Tshabalala van_Rensburg Botha

arabic | EG JO LB MA AE SA US
f: Aisha Amal Dina Farah Hala Layla Mariam Nadia Noor Rania Salma Yasmin Zeinab Huda Lina Samira
m: Ahmad Bilal Faisal Hassan Ibrahim Karim Khalil Mahmoud Nabil Omar Rami Tariq Yusuf Ziad Sami Walid
l: Abdallah Al-Masri Bishara Darwish El-Sayed Fakhoury Haddad Hamdan Khalil Khoury Mansour Nasser Qasim Saleh Shaheen
  Tahan Benali Alaoui

persian | IR US CA
f: Azadeh Bahar Golnaz Leila Mahsa Nasrin Parisa Roya Shirin Yasaman
m: Arash Behzad Cyrus Dariush Farhad Kaveh Mehrdad Navid Ramin Siavash
l: Ahmadi Bahrami Daneshvar Esfahani Farahani Hosseini Karimi Moradi Rostami Tehrani

turkish | TR DE
f: Ayşe Elif Defne Zeynep Selin Ebru Gül Nazlı Meltem Derya
m: Mehmet Emre Kaan Burak Cem Deniz Hakan Onur Serkan Yiğit
l: Aydın Demir Kaya Koç Özdemir Şahin Yıldız Çelik Arslan Doğan Erdoğmuş Polat

hindi | IN US GB CA
f: Aarti Anjali Divya Isha Kavya Meera Neha Nisha Pooja Priya Ritu Shreya Sunita Tanvi Radhika Vandana
m: Aditya Amit Arjun Deepak Gaurav Karan Manish Nikhil Rahul Rohan Sanjay Siddharth Varun Vikram Ashok Harsh
l: Agarwal Bhatia Chauhan Desai Gupta Joshi Kapoor Mehta Mishra Patel Rastogi Saxena Shah Sharma Singh Trivedi Verma
  Kulkarni Malhotra Sethi

tamil | IN LK SG MY
f: Aishwarya Bhavani Deepa Gayatri Janani Kalyani Lakshmi Malathi Nithya Revathi Sangeetha Vidya
m: Arun Balaji Dinesh Ganesh Hari Karthik Murali Prakash Rajesh Senthil Suresh Vignesh
l: Balasubramanian Chandrasekaran Iyer Krishnan Menon Nair Narayanan Pillai Raghavan Ramachandran Reddy Subramaniam
  Venkatesan Rao

bengali_pakistani | BD PK IN GB
f: Ayesha Farzana Fatima Nusrat Rukhsana Sadia Shabnam Sultana Tahmina Zara Mehwish Sana
m: Arif Asif Farhan Imran Kamal Mahbub Nadeem Rashid Shahid Tanvir Usman Zahid
l: Ahmed Akhtar Ali Chowdhury Hossain Iqbal Islam Khan Malik Mirza Qureshi Rahman Sheikh Siddiqui Banerjee Mukherjee

chinese | CN TW HK SG MY US CA AU
f: Fang Hui Jing Lan Li_Na Mei Mei-Ling Ning Qing Rui Shu-Fen Wen Xiaoyan Xin_Yi Ya-Ting Ying Yue Zhi_Lin
m: Bo Chao Cheng Guang Hao Jian Jun Kai Lei Long Ming Peng Tao Wei Xiang Yang Zhi_Hao Zihan
l: Chan Chen Cheung Fan Gao Guo He Huang Kwok Lam Li Lin Liu Ng Ong Sun Tan Tang Wang Wong Wu Xu Yang Zhang Zhao Zhou

japanese | JP US
f: Aiko Akari Emi Haruka Keiko Mai Michiko Naoko Rina Sakura Yuki Yumi
m: Daichi Haruto Hiroshi Kazuki Kenji Makoto Naoki Ryo Satoshi Takeshi Yusuke Shota
l: Fujimoto Hayashi Inoue Ishikawa Kobayashi Matsuda Mori Nakamura Ogawa Saito Sato Takahashi Tanaka Watanabe Yamamoto

korean | KR US
f: Eun-ji Hye-jin Ji-woo Min-ji Seo-yeon Soo-jin Yeon-ju Yuna Da-eun Hana
m: Dong-hyun Hyun-woo Jae-won Ji-hoon Joon-ho Min-jun Sang-woo Seung-ho Tae-yang Young-min
l: Choi Han Hwang Jeong Jung Kang Kim Lee Lim Moon Oh Park Seo Shin Yoo Yoon

vietnamese | VN US AU
f: Anh Bích Châu Diễm Hạnh Hương Lan Linh Mai Ngọc Phương Thảo Trang Yến
m: Bảo Cường Dũng Đức Hải Hiếu Hùng Khoa Long Minh Nam Phúc Quang Tuấn
l: Bùi Đặng Đinh Đỗ Hồ Hoàng Lê Ngô Nguyễn Phạm Phan Trần Trương Võ Vũ

filipino | PH US
f: Analyn Bea Cristina Divina Jasmin Katrina Liezl Maricel Rowena Tala
m: Angelo Carlo Efren Jericho Joel Paolo Ramil Renato Rodel Vicente
l: Aquino Bautista Castillo de_la_Cruz Dimaculangan Magsaysay Manalo Pangilinan Salonga Santos Villanueva Macaraeg

indonesian_malay | ID MY SG
f: Dewi Fitri Indah Kartika Nur_Aini Putri Ratna Siti Wulan Aisyah Farah Melati
m: Adi Agus Bayu Budi Dimas Eko Hafiz Rizky Wahyu Yusof Zulkifli Arief
l: Hidayat Kusuma Lestari Nugroho Pratama Santoso Setiawan Suryadi Wijaya bin_Hassan Abdul_Rahman Siregar

hispanic | MX CO AR CL PE ES US
f: Alejandra Andrea Camila Carolina Catalina Daniela Gabriela Isabel Lucía Mariana Natalia Paula Sofía Valentina Ximena
  Beatriz Inés Rocío Elena Pilar
m: Alejandro Álvaro Andrés Carlos Diego Eduardo Fernando Gonzalo Javier Joaquín Jorge José Luis Manuel Mateo Miguel
  Pablo Rafael Santiago Sergio
l: Aguilar Álvarez Cabrera Castro Delgado Díaz Espinoza Fernández Flores García Gómez González Guerrero Gutiérrez
  Herrera Ibáñez Jiménez López Márquez Mendoza Morales Navarro Núñez Ortega Peña Quintero Ramírez Reyes Ríos Rojas Vargas

lusophone | BR PT AO MZ
f: Ana Beatriz Bruna Fernanda Helena Juliana Larissa Letícia Luana Mariana Patrícia Raquel Renata Tatiana
m: Bruno Caio Felipe Gustavo Henrique João Leandro Luís Marcelo Otávio Rodrigo Rui Thiago Vinícius
l: Almeida Barbosa Cardoso Carvalho Costa da_Silva Dias Ferreira Gonçalves Lima Machado Moreira Nascimento Oliveira
  Pereira Ribeiro Rocha Souza Teixeira

french | FR BE CH CA SN
f: Amélie Camille Chloé Claire Élodie Juliette Léa Manon Margaux Mathilde Océane Solène Aminata Fatou
m: Antoine Baptiste Étienne François Guillaume Hugo Jérôme Laurent Mathieu Olivier Rémi Thibault Mamadou Ousmane
l: Beaumont Bernard Chevalier Dubois Fontaine Girard Lambert Lefèvre Leroux Marchand Moreau Perrin Rousseau Roux Diallo
  Diop Ndiaye Tremblay Gagnon Bouchard

german | DE AT CH
f: Anja Annika Birgit Britta Franziska Greta Heike Johanna Katrin Lena Silke Ulrike
m: Andreas Christoph Florian Jürgen Klaus Lukas Matthias Moritz Stefan Tobias Uwe Wolfgang
l: Bauer Braun Fischer Hartmann Hoffmann Kaiser Krüger Lehmann Müller Neumann Richter Schäfer Schneider Vogel Weiß
  Zimmermann

dutch | NL BE ZA
f: Anouk Femke Fleur Ilse Lotte Marieke Roos Sanne
m: Bas Daan Jeroen Joost Pieter Ruben Sander Thijs
l: Bakker de_Boer de_Vries Dekker Hendriks Janssen Kuiper Mulder van_den_Berg van_der_Meer van_Dijk Visser

italian | IT CH US
f: Alessia Bianca Chiara Elisa Federica Francesca Giulia Ilaria Martina Serena Silvia Valeria
m: Alessandro Davide Enrico Fabio Giorgio Lorenzo Luca Marco Matteo Paolo Riccardo Stefano
l: Barbieri Bianchi Caruso Colombo Conti D'Angelo De_Luca Esposito Ferrari Fontana Galli Marino Moretti Ricci Romano
  Santoro

nordic | SE NO DK FI IS
f: Astrid Elin Freja Ingrid Kirsten Liv Maja Sigrid Solveig Tuulikki Aino Þóra
m: Anders Bjørn Erik Håkan Jens Lars Mikkel Nils Søren Torbjørn Juhani Gunnar
l: Andersson Bergström Dahl Eriksen Haugen Holm Johansson Korhonen Lindqvist Møller Nygård Sørensen Virtanen Jónsdóttir
  Lund Åkesson

polish_czech | PL CZ SK
f: Agnieszka Alicja Ewa Gosia Joanna Katarzyna Magda Zofia Jana Lucie Tereza Zuzana
m: Bartosz Łukasz Marek Michał Paweł Piotr Tomasz Wojciech Jakub Ondřej Radek Vojtěch
l: Baran Dąbrowski Kowalczyk Lewicki Mazur Nowak Szymański Wiśniewski Wójcik Dvořák Horák Novotný Procházka Svoboda

east_slavic | UA RU BG
f: Anastasia Daria Iryna Kateryna Ksenia Nadiya Oksana Olena Svitlana Yulia
m: Andriy Bohdan Dmytro Ihor Maksym Mykola Oleksandr Pavlo Serhiy Taras
l: Bondarenko Hrytsenko Ivanenko Kovalenko Kravchenko Lysenko Melnyk Petrenko Shevchuk Tkachenko Volkov Sokolov

balkan_greek | GR RS HR RO HU
f: Eleni Katerina Dimitra Ioana Ana Milica Jelena Ivana Zsófia Eszter Mihaela Despina
m: Giorgos Nikos Dimitris Andrei Mihai Nikola Luka Miloš Gábor László Stavros Ivan
l: Papadopoulos Georgiou Nikolaidis Popescu Ionescu Jovanović Petrović Horvat Kovač Nagy Szabó Tóth Dimitriou Marinescu

hebrew | IL US
f: Adi Ayelet Dafna Hila Michal Noa Shira Tamar Yael Rivka
m: Amir Asaf Avi Eitan Gilad Nadav Noam Oren Uri Yonatan
l: Avraham Ben-David Biton Cohen Friedman Goldberg Katz Levi Mizrahi Peretz Rosenthal Shapiro

pacific | NZ FJ WS AU
f: Anahera Aroha Hinemoa Kiri Marama Mele Sefina Tiare
m: Hemi Manaia Nikau Rangi Sione Tama Tane Wiremu
l: Faleolo Henare Ngata Parata Taufa Tuiasosopo Vakatawa Waititi
"""


@dataclass(frozen=True)
class NameGroup:
    """Names that go together."""

    key: str
    countries: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]


@dataclass(frozen=True)
class Name:
    """What one person is called. `former` is the family name at graduation, if it was another."""

    given: str
    family: str
    middle: str | None
    former: str | None
    pronouns: str | None

    @property
    def display(self) -> str:
        """The name as it is shown."""
        return f"{self.given} {self.middle} {self.family}" if self.middle else f"{self.given} {self.family}"

    @property
    def at_graduation(self) -> str | None:
        """The full name at graduation, if it was another."""
        return f"{self.given} {self.former}" if self.former else None


GROUPS: tuple[NameGroup, ...] = tuple(
    NameGroup(head[0], names(head[1]), names(lists["f"]), names(lists["m"]), names(lists["l"]))
    for head, lists in blocks(TABLE)
)
BY_COUNTRY: dict[str, tuple[NameGroup, ...]] = {
    country: tuple(group for group in GROUPS if country in group.countries)
    for country in sorted({country for group in GROUPS for country in group.countries})
}
INITIALS = "ABCDEFGHIJKLMNOPRSTVWYZ"
NON_BINARY_SHARE, PRONOUNS_SHARE = 0.02, 0.35


def draw_name(random: Random, country: str) -> Name:
    """A name that is usual in the country, or now and then one from elsewhere."""
    group = pick(random, GROUPS if chance(random, 0.12) else BY_COUNTRY.get(country, GROUPS))
    woman = chance(random, 0.52)
    family = _family(random, group)
    former = _family(random, group) if woman and chance(random, 0.16) else None
    return Name(
        given=pick(random, group.women if woman else group.men),
        family=family,
        middle=f"{pick(random, INITIALS)}." if chance(random, 0.3) else None,
        former=former if former != family else None,
        pronouns=_pronouns(random.random(), woman),
    )


def _family(random: Random, group: NameGroup) -> str:
    if chance(random, 0.07):
        group = pick(random, GROUPS)
    first = pick(random, group.families)
    if not chance(random, 0.05):
        return first
    second = pick(random, group.families)
    return first if second == first or {" ", "-"} & set(first + second) else f"{first}-{second}"


def _pronouns(roll: float, woman: bool) -> str | None:
    if roll < NON_BINARY_SHARE:
        return "they/them"
    if roll < PRONOUNS_SHARE:
        return "she/her" if woman else "he/him"
    return None
